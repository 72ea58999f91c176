NAME        
ROWS
 N  Obj     
 E  r0      
 E  r1      
 E  r2      
 E  r3      
 E  r4      
 G  r5      
 G  r6      
 G  r7      
COLUMNS
    MARK0000  'MARKER'                 'INTORG'
    c0        Obj       12.5
    c0        r0        1
    c0        r6        67190.276024713341
    c1        Obj       13
    c1        r0        1
    c1        r5        -12000
    c1        r6        11857.107533772942
    c1        r7        54.172104588853593
    c2        Obj       -34.100000000000001
    c2        r0        1
    c2        r5        20000
    c2        r6        790.47383558486285
    c3        Obj       -58.600000000000001
    c3        r1        1
    c3        r5        90000
    c3        r6        -11066.63369818808
    c4        Obj       -53.299999999999997
    c4        r1        1
    c5        Obj       -37.600000000000001
    c5        r1        1
    c5        r5        89000
    c5        r7        84.869630522537292
    c6        Obj       -16.5
    c6        r1        1
    c6        r5        -19000
    c7        Obj       -70.099999999999994
    c7        r2        1
    c7        r5        84000
    c8        Obj       -8.1999999999999993
    c8        r2        1
    c8        r5        45000
    c8        r6        26085.636574300475
    c9        Obj       36.399999999999999
    c9        r2        1
    c9        r5        -6000
    c9        r6        -11857.107533772942
    c9        r7        24.377447064984118
    c10       Obj       -51.600000000000001
    c10       r2        1
    c10       r5        43000
    c10       r6        19761.845889621571
    c10       r7        73.132341194952346
    c11       Obj       5.5999999999999996
    c11       r3        1
    c11       r5        -20000
    c11       r6        18971.372054036707
    c12       Obj       8
    c12       r3        1
    c12       r5        58000
    c12       r6        37942.744108073413
    c12       r7        9.9315525079564928
    c13       Obj       14.800000000000001
    c13       r4        1
    c13       r5        60000
    c13       r6        67980.749860298209
    c13       r7        55.074972998667818
    c14       Obj       -95.400000000000006
    c14       r4        1
    c14       r5        24000
    c14       r6        52961.746984185811
    c15       Obj       -38.299999999999997
    c15       r4        1
    c15       r5        81000
    c15       r6        40314.165614828002
    c15       r7        5.4172104588853589
    MARK0001  'MARKER'                 'INTEND'
    c16       Obj       1.3979999999999999
    c16       r7        58
RHS
    RHS_V     r0        1
    RHS_V     r1        1
    RHS_V     r2        1
    RHS_V     r3        1
    RHS_V     r4        1
    RHS_V     r5        166867.01655731362
    RHS_V     r6        14948.255078829476
    RHS_V     r7        48.044982546172875
BOUNDS
 BV BOUND     c0      
 BV BOUND     c1      
 BV BOUND     c2      
 BV BOUND     c3      
 BV BOUND     c4      
 BV BOUND     c5      
 BV BOUND     c6      
 BV BOUND     c7      
 BV BOUND     c8      
 BV BOUND     c9      
 BV BOUND     c10     
 BV BOUND     c11     
 BV BOUND     c12     
 BV BOUND     c13     
 BV BOUND     c14     
 BV BOUND     c15     
ENDATA
