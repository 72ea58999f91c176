"""Studies, landscapes and catalogues: data with their units and sources, no solver."""
