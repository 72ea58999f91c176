"""The engine of minimum cuts under prices, for programs that count where neighbours differ."""
