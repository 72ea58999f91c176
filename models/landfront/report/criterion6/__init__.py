"""The document that answers criterion 6 of the IUCN Global Standard for Nature-based Solutions from a run."""
