"""Makes signals end what sleeps, whichever thread gets them, and orphans end as well."""

import multiprocessing
import os
import signal
import threading
import time


def heed_signals() -> None:
    """Wake this thread, the main one, for each signal that the process gets.

    Handlers of Python run in the main thread alone. One that waits for a lock is woken only if it
    gets the signal itself; a thread that starts another one at that moment may take it away, and
    the process would not stop. https://docs.python.org/3/library/signal.html#signals-and-threads
    """
    if os.name != "posix":
        return
    told, teller = os.pipe()
    os.set_blocking(teller, False)
    signal.set_wakeup_fd(teller)
    signal.signal(signal.SIGURG, lambda *_: None)  # does nothing but wake
    main = threading.get_ident()

    def wake() -> None:
        while number := os.read(told, 1):
            if number[0] != signal.SIGURG:
                signal.pthread_kill(main, signal.SIGURG)

    threading.Thread(target=wake, name="signals", daemon=True).start()


def end_with_parent(patience: float) -> None:
    """Ask this process to stop once the one that started it is gone, even if that was killed.

    Else it would keep the port, and no restart could have it. What does not stop within `patience`
    seconds is ended.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(patience)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
