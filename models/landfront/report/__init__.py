"""What people look at: figures, layers and tables of a run."""
