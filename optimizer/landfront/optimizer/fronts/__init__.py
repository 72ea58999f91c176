"""One file per front method, and the driver that chooses among them."""
