"""The page that a policy analyst walks through: one HTML file of a run, which needs no network."""
