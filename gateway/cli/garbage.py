"""How a process that runs for long looks for garbage: seldom, since nearly all of it goes by itself."""

import gc


def begin_collecting() -> None:
    """To be called when all is there that stays as long as the process: that is never looked through again.

    With Python's own thresholds the requests under way alone have it look through everything again and again, and
    nobody is answered meanwhile, which is long where there are thousands of subscribers.
    """
    gc.freeze()
    gc.set_threshold(10_000, 10, 50)
    gc.enable()
