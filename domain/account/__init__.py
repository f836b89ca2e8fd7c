"""An account: what may be asked of one, and how one is folded from events."""

from domain.account.cash import deposit_money, withdraw_money
from domain.account.events import AccountId
from domain.account.freezing import freeze_account, unfreeze_account
from domain.account.opening import close_account, open_account
from domain.account.overdraft import set_overdraft_limit
from domain.account.state import evolve, unopened

__all__ = [
    "AccountId",
    "close_account",
    "deposit_money",
    "evolve",
    "freeze_account",
    "open_account",
    "set_overdraft_limit",
    "unfreeze_account",
    "unopened",
    "withdraw_money",
]
