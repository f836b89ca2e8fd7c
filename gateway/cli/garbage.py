"""How a process that runs for long looks for garbage: seldom, since nearly all of it goes by itself."""

import gc


def begin_collecting() -> None:
    """To be called when all is there that stays as long as the process: that is never looked through again.

    With Python's own thresholds the requests under way alone have it look through everything several times a
    second, and with ten thousand subscribers each time takes half a second, in which nobody is answered.
    """
    gc.freeze()
    gc.set_threshold(10_000, 10, 50)
    gc.enable()
