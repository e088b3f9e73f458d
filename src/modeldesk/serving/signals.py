"""Makes signals end what sleeps, whichever thread the system gives them to."""

import os
import signal
import threading


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
