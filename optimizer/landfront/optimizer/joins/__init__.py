"""The engine of node cuts: programs in which groups hang together, without the columns of flows.

See `engine.JoinEngine`.
"""
