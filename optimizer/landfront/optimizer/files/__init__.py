"""Model files read as programs: `.lp`, `.mps` and MathOptFormat `.mof.json`, each also gzipped."""

from landfront.optimizer.files.read import ModelFile, read_file, read_model

__all__ = ["ModelFile", "read_file", "read_model"]
