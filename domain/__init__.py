"""The bank's write side: what may happen, and what has happened.

Only the standard library is imported here. Read `account/events.py` first, then the deciders.
"""
