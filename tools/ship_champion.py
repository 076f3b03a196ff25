"""Makes a run's model the champion of its game: copies it into the package and writes its card.

    python tools/ship_champion.py runs/connect_four --config configs/connect_four.toml --hardware "2 cores, Intel Xeon"

The strength is that of the run's last match; wrong moves are counted here, of the player `champion` as it plays by
default and of the network alone, in the labelled positions that come with the package, of which nothing was learned.
"""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import games
from alphazero.arena.accuracy import count_errors, read_positions, total
from alphazero.arena.players import make_player
from alphazero.arena.search_players import AT_ITS_BEST
from alphazero.champions import FOLDER
from alphazero.commands.accuracy import position_files
from alphazero.commands.options import model_file, model_spec
from alphazero.config import load_config
from alphazero.network import load_model

AS_IT_PLAYS = "".join(f",{option}={value}".lower() for option, value in AT_ITS_BEST.items())


def errors(game: Any, spec: str) -> list[dict[str, Any]]:
    """Return the wrong moves of a player in each labelled set and in all of them."""
    player = make_player(spec, game, seed=1)
    found = [count_errors(player, read_positions(path, game)) for path in position_files(None, game)]
    return [count.as_dict() for count in [*found, total(found)]]


def last_match(run: Path) -> dict[str, Any]:
    """Return what the run's last match says of its strength."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    matches = [line for line in lines if line["event"] == "match"]
    if not matches:
        raise SystemExit(f"{run}: the run has not played its last match yet: finish it first")
    return matches[-1]


def card_of(run: Path, config_name: str, hardware: str, simulations: int) -> dict[str, Any]:
    """Return the card of a run's model."""
    config, match = load_config(run / "config.toml"), last_match(run)
    model = model_file(str(run))
    loaded = load_model(model)
    provenance, game = loaded.metadata["provenance"], games.parse(config.game)
    network = loaded.network
    policy = model_spec(str(model)).replace("model:", "policy:", 1) + ",temperature=0"
    return {
        "game": games.spec(game),
        "network": f"{network.config.blocks} blocks x {network.config.channels} channels, "
                   f"{network.config.value_head} value head",
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "hours": round(provenance["minutes"] / 60.0, 3), "hardware": hardware,
        "games": provenance["games"], "positions": provenance["positions"],
        "generation": provenance["generation"], "seed": config.seed,
        "config": config_name, "date": match["time"][:10],
        "elo": {"value": match["elo"], "low": match["elo_low"], "high": match["elo_high"], "opponent": match["b"],
                "games": match["games"], "distinct_games": match["distinct_games"], "share": match["share"],
                "simulations": config.evaluation.final_simulations},
        "accuracy": {"simulations": simulations,
                     "search": errors(game, model_spec(str(model), simulations) + AS_IT_PLAYS),
                     "network": errors(game, policy)},
    }


def main() -> None:
    """Copy the model and write the card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--hardware", required=True)
    parser.add_argument("--config", required=True, help="the settings file that the run was trained with, for the card")
    parser.add_argument("--simulations", type=int, default=600)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where it goes (default: into the package)")
    args = parser.parse_args()
    card = card_of(args.run, args.config, args.hardware, args.simulations)
    name = card["game"].partition(":")[0]
    args.folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model_file(str(args.run)), args.folder / f"{name}.safetensors")
    (args.folder / f"{name}.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(card["accuracy"]["search"][-1]))


if __name__ == "__main__":
    main()
