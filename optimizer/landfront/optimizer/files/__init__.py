"""Model files read as programs: `.lp`, `.mps` and `.mof.json`, each also gzipped; `.arrow` is written too."""

from landfront.optimizer.files.read import ModelFile, read_file, read_model
from landfront.optimizer.files.write import write_program

__all__ = ["ModelFile", "read_file", "read_model", "write_program"]
