NAME        
ROWS
 N  Obj     
 G  r0      
 G  r1      
 L  r2      
 G  r3      
 G  r4      
 G  r5      
 L  r6      
 G  r7      
 G  r8      
 L  r9      
 L  r10     
 L  r11     
 L  r12     
 E  r13     
 E  r14     
 E  r15     
 E  r16     
 E  r17     
 E  r18     
 E  r19     
 E  r20     
 E  r21     
 E  r22     
 E  r23     
 E  r24     
COLUMNS
    MARK0000  'MARKER'                 'INTORG'
    c0        r13       1
    c1        r0        2
    c1        r2        18300
    c1        r7        212
    c1        r9        18300
    c1        r13       1
    c2        r0        -2
    c2        r2        170000
    c2        r7        1764
    c2        r9        170000
    c2        r13       1
    c3        r14       1
    c4        r0        -20
    c4        r2        260000
    c4        r7        1360
    c4        r9        260000
    c4        r14       1
    c5        r15       1
    c6        r2        98000
    c6        r3        -9
    c6        r7        2958
    c6        r9        98000
    c6        r15       1
    c7        r2        530000
    c7        r3        -12
    c7        r7        6990
    c7        r9        530000
    c7        r15       1
    c8        r2        514000
    c8        r3        -15
    c8        r6        20
    c8        r7        3490
    c8        r9        514000
    c8        r15       1
    c9        r16       1
    c10       r2        130000
    c10       r4        4
    c10       r7        1260
    c10       r10       130000
    c10       r16       1
    c11       r17       1
    c12       r2        49000
    c12       r7        1479
    c12       r10       49000
    c12       r17       1
    c13       r2        265000
    c13       r7        3495
    c13       r10       265000
    c13       r17       1
    c14       r2        257000
    c14       r6        10
    c14       r7        1745
    c14       r10       257000
    c14       r17       1
    c15       r18       1
    c16       r0        0.3
    c16       r2        73500
    c16       r7        560
    c16       r10       73500
    c16       r18       1
    c17       r19       1
    c18       r1        5
    c18       r2        36600
    c18       r8        424
    c18       r11       36600
    c18       r19       1
    c19       r1        -5
    c19       r2        340000
    c19       r3        -2
    c19       r8        3528
    c19       r11       340000
    c19       r19       1
    c20       r20       1
    c21       r2        49000
    c21       r3        -6
    c21       r8        1479
    c21       r11       49000
    c21       r20       1
    c22       r21       1
    c23       r2        98000
    c23       r4        4
    c23       r8        2958
    c23       r11       98000
    c23       r21       1
    c24       r22       1
    c25       r23       1
    c26       r2        475000
    c26       r5        3
    c26       r8        525
    c26       r12       475000
    c26       r23       1
    c27       r24       1
    MARK0001  'MARKER'                 'INTEND'
    c28       Obj       1
    c28       r9        -10114
    c28       r10       -5315
    c29       Obj       0.550262492708536
    c29       r11       -7965
    c29       r12       -525
RHS
    RHS_V     r0        -24
    RHS_V     r1        -26
    RHS_V     r2        1500000
    RHS_V     r3        -12
    RHS_V     r4        -11.2
    RHS_V     r5        -2.4
    RHS_V     r6        16
    RHS_V     r7        5909
    RHS_V     r8        3382
    RHS_V     r13       1
    RHS_V     r14       1
    RHS_V     r15       1
    RHS_V     r16       1
    RHS_V     r17       1
    RHS_V     r18       1
    RHS_V     r19       1
    RHS_V     r20       1
    RHS_V     r21       1
    RHS_V     r22       1
    RHS_V     r23       1
    RHS_V     r24       1
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
 BV BOUND     c16     
 BV BOUND     c17     
 BV BOUND     c18     
 BV BOUND     c19     
 BV BOUND     c20     
 BV BOUND     c21     
 BV BOUND     c22     
 BV BOUND     c23     
 BV BOUND     c24     
 BV BOUND     c25     
 BV BOUND     c26     
 BV BOUND     c27     
 UP BOUND     c28       904.761904761905
 UP BOUND     c29       904.761904761905
ENDATA
