"""The bank's read side: one module a read model, each a view and how events change it.

Only the standard library and the domain's events are imported here.
"""
