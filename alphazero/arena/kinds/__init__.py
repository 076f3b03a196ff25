"""The kinds of players, each a file: what it is, its options, and how one is made from them (`KIND`).

`alphazero.arena.players` names them and finds them. To list their options loads neither torch nor numba: what a
player needs is imported when one is made.
"""
