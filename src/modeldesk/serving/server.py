"""The production server: granian, in front of the framework's WSGI application."""

import gc
import logging
import multiprocessing
import os
import sys
from importlib import import_module
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from ..ml.project import environment
from .keeper import keeping
from .logs import logging_config
from .metrics_files import count_in_files, shared_metrics
from .settings import Settings, path_prefix
from .signals import end_with_parent, heed_signals
from .size import SPARE, THREADS

STOP_LIMIT = 30  # seconds that a worker has for the requests under way


class Server(Granian):  # type: ignore[misc, valid-type]  # a variable to mypy
    """Granian, which waits for itself forever when a second signal interrupts the first."""

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        if not self.interrupt_signal:
            super().signal_handler_interrupt(*args, **kwargs)


def load(target: str) -> Any:
    """Import the application `target` in a worker."""
    if os.name == "posix":
        os.setpgrp()  # the terminal's Ctrl-C is for the main process, which stops its workers
    heed_signals()
    end_with_parent(STOP_LIMIT)
    count_in_files()
    module, _, name = target.partition(":")
    gc.disable()  # all that is made now stays, so the collector need not look for what does not
    application = getattr(import_module(module), name)
    from .door import stand_in_front  # which makes metrics, and these are to be shared

    stand_in_front(THREADS, path_prefix(environment().get("PATH_PREFIX") or ""))
    gc.freeze()
    gc.enable()
    return application


def _leave_command_line() -> None:
    """Let no worker import the script that this process runs, and with it all commands."""
    main = sys.modules["__main__"]
    main.__spec__ = None
    vars(main).pop("__file__", None)


def run_server(target: str, settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve the WSGI application `target` ("module:name") until interrupted.

    Requests under way are answered before the workers stop. A shadow runs beside them.
    """
    # Workers start as fresh interpreters: no connection or thread is shared with this process.
    multiprocessing.set_start_method("spawn", force=True)
    _leave_command_line()
    server = Server(
        target,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=THREADS + SPARE,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_LIMIT,
        log_dictconfig=logging_config(json=settings.production),
    )
    # It warns of more threads than compute at a time; most of these wait for a commit.
    logging.getLogger("_granian").addFilter(lambda told: "Python threads" not in told.getMessage())
    heed_signals()
    with (
        shared_metrics(workers),
        keeping(settings.artifacts_dir, [sys.argv[0], "follow"]),
    ):
        server.serve(target_loader=load)
