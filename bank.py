"""The bank: the one place where gateway, domain and read models meet.

What is not listed here does not exist.
"""

from domain import account, customer, demo, transfer
from gateway.application import Application, Command, Index, Journal, Stream, Unique, View
from readmodels import accounts, customers, daily_activity, ledger, statement

application = Application(
    streams=[
        Stream(customer.CustomerId, customer.unregistered, customer.evolve),
        Unique(customer.Email, customer.free, customer.evolve_holder, normalise=customer.same_address),
        Stream(account.AccountId, account.unopened, account.evolve),
    ],
    commands=[
        Command(customer.register_customer, new="customer"),
        customer.rename_customer,
        Command(customer.change_customer_email, also={"released": customer.current_email}),
        customer.block_customer,
        customer.unblock_customer,
        Command(account.open_account, new="account"),
        account.deposit_money,
        account.withdraw_money,
        account.set_overdraft_limit,
        account.freeze_account,
        account.unfreeze_account,
        account.close_account,
        transfer.transfer_money,
    ],
    views=[
        View(
            customers.project,
            one="customer",
            many="customers",
            indexes=[Index(order="name"), Index(order="registered_at"), Index("status", order="name")],
        ),
        View(
            accounts.project,
            one="account",
            many="accounts",
            indexes=[
                Index(order="opened_at"),
                Index(order="owner_name"),
                Index("customer", order="owner_name"),
                Index("customer", order="opened_at"),
                Index("status", order="opened_at"),
                Index("currency", order="balance"),
            ],
            history=True,
        ),
        Journal(
            statement.append,
            many="statement",
            indexes=[Index("account", order="at"), Index("account", "kind", order="at")],
        ),
        View(ledger.project, key=ledger.key, one="ledger", many="ledgers"),
        View(
            daily_activity.project,
            key=daily_activity.key,
            one="daily_activity",
            many="daily_activities",
            indexes=[Index("currency", order="day"), Index(order="day")],
        ),
    ],
    demo=demo.commands,
)
