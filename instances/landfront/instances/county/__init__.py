"""The synthetic county, part by part: mesh, fields, land cover, attributes, files."""
