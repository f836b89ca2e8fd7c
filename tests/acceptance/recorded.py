"""The bank with its history switched on, for a gateway to serve."""

from dataclasses import replace

import bank

application = replace(bank.application, history=True)
