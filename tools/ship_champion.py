"""Makes a run's model the champion of its game: copies it into the package and writes its card.

    python tools/ship_champion.py runs/connect_four --config configs/connect_four.toml --hardware "2 cores, Intel Xeon"

Everything is measured here, of the player `champion` as it plays by default: a match against the opponent of the run's
last match, from drawn openings where the package has some, and wrong moves, those of the network alone too, in the
labelled positions that come with the package, of which nothing was learned.
"""

import argparse
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import games
from alphazero.arena.accuracy import count_errors, read_positions, total
from alphazero.arena.kinds.champion import AT_ITS_BEST
from alphazero.arena.match import play_match
from alphazero.arena.players import make_player
from alphazero.champions import FOLDER
from alphazero.commands.accuracy import position_files
from alphazero.commands.match import openings_of
from alphazero.config import load_config
from alphazero.exact.shipped import shipped_file
from alphazero.files import model_file
from alphazero.network import load_model
from alphazero.run.metrics import events, read_metrics
from games.options import format_spec


def errors(game: Any, spec: str) -> list[dict[str, Any]]:
    """Return the wrong moves of a player in each labelled set and in all of them."""
    player = make_player(spec, game, seed=1)
    found = [count_errors(player, read_positions(path, game)) for path in position_files(None, game)]
    return [count.as_dict() for count in [*found, total(found)]]


def last_match(run: Path) -> dict[str, Any]:
    """Return the run's last match."""
    matches = events(read_metrics(run), "match")
    if not matches:
        raise SystemExit(f"{run}: the run has not played its last match yet: finish it first")
    return matches[-1]


def strength(game: Any, spec: str, opponent: str, num_games: int, simulations: int) -> dict[str, Any]:
    """Return the Elo difference to an opponent of a player with so many simulations, from drawn openings if any."""
    book = shipped_file("openings", game)
    openings = None if book is None else openings_of("drawn", game, 1)
    match = play_match(
        make_player(spec, game, seed=1),
        make_player(opponent, game, seed=2),
        game,
        num_games,
        seed=1,
        openings=openings,
        progress=True,
    )
    return {
        **asdict(match.elo),
        "opponent": opponent,
        "games": match.num_games,
        "distinct_games": match.distinct_games,
        "share": match.share,
        "simulations": simulations,
        "openings": "random" if book is None else "drawn",
    }


def card_of(run: Path, config_name: str, hardware: str, simulations: int, num_games: int) -> dict[str, Any]:
    """Return the card of a run's model."""
    config, match = load_config(run / "config.toml"), last_match(run)
    model = model_file(run)
    loaded = load_model(model)
    provenance, game = loaded.metadata["provenance"], games.parse(config.game)
    network = loaded.network
    as_it_plays = format_spec("model", {"path": model, "simulations": simulations, **AT_ITS_BEST})
    policy = format_spec("policy", {"path": model, "temperature": 0})
    return {
        "game": games.spec(game),
        "network": f"{network.config.blocks} blocks x {network.config.channels} channels, "
        f"{network.config.value_head} value head",
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "hours": round(provenance["minutes"] / 60.0, 3),
        "hardware": hardware,
        "games": provenance["games"],
        "positions": provenance["positions"],
        "generation": provenance["generation"],
        "seed": config.seed,
        "config": config_name,
        "date": match["time"][:10],
        "elo": strength(game, as_it_plays, match["b"], num_games, simulations),
        "accuracy": {
            "simulations": simulations,
            "search": errors(game, as_it_plays),
            "network": errors(game, policy),
        },
    }


def main() -> None:
    """Copy the model and write the card."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--hardware", required=True)
    parser.add_argument(
        "--config", required=True, help="the settings file that the run was trained with, for the card"
    )
    parser.add_argument("--simulations", type=int, default=600)
    parser.add_argument("--games", type=int, default=400, help="games of the match (default 400)")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where it goes (default: into the package)"
    )
    args = parser.parse_args()
    card = card_of(args.run, args.config, args.hardware, args.simulations, args.games)
    name = card["game"].partition(":")[0]
    args.folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model_file(args.run), args.folder / f"{name}.safetensors")
    (args.folder / f"{name}.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(card["accuracy"]["search"][-1]))


if __name__ == "__main__":
    main()
