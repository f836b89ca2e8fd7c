"""Shared by the tests of the log and of the writer: writers opened by hand, workloads, faults, and the checker."""
