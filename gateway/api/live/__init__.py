"""Subscriptions: what is missed is told to each alone, what is new is executed and encoded once for all."""
