"""The generator process: writes candidates and scores them, for whoever asks the switchboard.

    python generator_service.py --config config.json            serve until told to stop
    python generator_service.py --config config.json --check    load, write three candidates, exit

It needs a model folder (generator.model) and a switchboard to poll. It listens nowhere, so it can run
on another machine than the rest, and several can share the work: each needs a name of its own
(generator.worker_name) where two run on one machine.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

from bot_config import Config
from bot_lifecycle import FatalError, Shutdown, configure_logging
from bot_process import load_process_config, parse_process_arguments, run_process

GRACE_SECONDS = 5.0
SECRETS = ("switchboard.generator_token", "generator.completions")


def main(argv: list[str] | None = None) -> int:
    """Run the generator until SIGTERM or SIGINT, or check it."""
    arguments = parse_process_arguments("Writes candidates and scores them.", argv, _add_check)
    config = load_process_config(arguments.config, SECRETS)
    configure_logging("generator", config.log_level)
    try:
        return _run(config, check=arguments.check)
    except ModuleNotFoundError as error:
        hint = "install it and its like with: pip install '.[ml]'"
        raise FatalError(f"the generator needs {error.name}", hint) from None


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--check", action="store_true", help="load everything, write three candidates, print figures, exit"
    )


def _run(config: Config, *, check: bool) -> int:
    # PyTorch and transformers take seconds to load: a mistake in the configuration is told before.
    from autoresponder.checkup import BEFORE, LONGEST_SECONDS, TOKENS, check_up, progress_of, warm_up
    from autoresponder.errors import JobError, WritingStoppedError
    from autoresponder.loading import build
    from autoresponder.pictures.models import PictureModels
    from autoresponder.service import serve

    shutdown = Shutdown(GRACE_SECONDS).install()
    stop = shutdown.requested.is_set
    if check:
        progress = progress_of(config.generator, stop, sys.stderr.write)
        sys.stderr.write(BEFORE)
        built = build(config.generator, config.blog, stop=progress, most_tokens=TOKENS)
        try:
            sys.stdout.write(check_up(built.runner, built.generator))
        except WritingStoppedError:
            if not progress.late:
                return 0
            hint = "use a smaller model, generator.dtype int8, or a machine with less other work"
            raise FatalError(f"the model loads, but {LONGEST_SECONDS:.0f} s are too few", hint) from None
        except JobError as error:
            raise FatalError(f"the model loads, but writes nothing: {error}", "train it further") from None
        return 0
    try:
        built = build(config.generator, config.blog, stop=stop, wait=shutdown.wait)
    except WritingStoppedError:
        return 0
    judge = built.judge
    if judge is not None and judge.network.device.type == "cuda":
        with suppress(JobError):  # kernels are loaded and graphs captured once
            warm_up(built.runner)
    else:
        built.runner.warm_up()
    pictures = PictureModels.load(config.generator)
    serve(
        config.generator,
        config.switchboard,
        built.runner,
        pictures,
        shutdown,
        judge,
    )
    return 0


def command() -> int:
    """Run as the console script does: a FatalError is one line and exit status 2."""
    return run_process(main)


if __name__ == "__main__":
    sys.exit(command())
