"""How many processes and threads serve."""

import os

CORES = os.cpu_count() or 1
WORKERS = min(CORES, 4)  # each holds its own copy of the model
THREADS = 8  # of a worker, for what cannot wait without one
SPARE = 2  # threads that see to it that nobody waits for what does not move, see `door`
