"""Options that several kinds of players have; what mirrors a setting is taken from the setting."""

from alphazero.config import NetworkConfig, SearchConfig, option_of
from games.options import REQUIRED, Option

PATH = Option("path", str, REQUIRED, "the model's file")
NETWORK = (
    option_of(NetworkConfig, "precision", meaning="number format of the network; auto: the fastest"),
    Option(
        "variant",
        str,
        "",
        "how the network is computed, as `alphazero bench network` names it; none: the fastest in a measurement",
    ),
    Option("symmetries", bool, False, "take the mean of the network over all symmetries of the game"),
)
NETWORK_SIMULATIONS, ROLLOUT_SIMULATIONS = 200, 1000  # a move, where nothing is said
SIMULATIONS = option_of(
    SearchConfig,
    "simulations",
    default=None,
    meaning=f"simulations a move; {NETWORK_SIMULATIONS} unless seconds are given, and then as many as they allow",
)
PROVE = option_of(SearchConfig, "prove")
SECONDS = Option(
    "seconds",
    float,
    0.0,
    "seconds for the moves of all games asked for at once, alone or as a limit beside simulations; 0: no limit",
    low=0,
    high=86_400,
)
# What a player that searches with a network can be told, `seconds` and `temperature` aside, are settings of the search.
SEARCH = (
    SIMULATIONS,
    SECONDS,
    Option("temperature", float, 0.0, "0: the most visited move; 1: by visits", low=0, high=100),
    option_of(SearchConfig, "rule"),
    option_of(SearchConfig, "gumbel", meaning="Gumbel root search"),
    option_of(SearchConfig, "leaves", meaning="most leaves of one tree in a batch"),
    option_of(SearchConfig, "c_init"),
    option_of(
        SearchConfig,
        "opponent_exploration",
        meaning="exploration where the opponent moves, times that elsewhere; above 1 looks for moves after which he "
        "can go wrong",
    ),
    option_of(
        SearchConfig, "fpu_reduction", meaning="what actions without visits lose against their position"
    ),
    PROVE,
    *(
        option_of(SearchConfig, name)
        for name in (
            "c_base",
            "c_puct",
            "rho",
            "c_uct",
            "fpu",
            "fpu_value",
            "gumbel_considered",
            "gumbel_c_visit",
            "gumbel_c_scale",
            "virtual_loss",
            "cache_mb",
            "memory_mb",
        )
    ),
)
