// Code that uses the generated types as an application would: under `tsc --strict` it shows that nullability,
// unions and scalars come out usable.
import type {
  AnyNodeQuery,
  FollowSubscription,
  OverviewQuery,
  WithdrawMutation,
  WithdrawMutationVariables,
} from './operations';
import type { MoneyInput, Scalars } from './schema';

const amount: Scalars['Decimal']['input'] = '10.50';
const money: MoneyInput = { amount, currency: 'EUR' };

export const withdrawal: WithdrawMutationVariables = {
  input: { accountId: 'Account:1', amount: money },
};

export function summary({ account }: OverviewQuery): string {
  if (!account) return 'no such account';
  const movements = account.statement?.edges.map(({ node }) => `${node.kind} ${node.amount.amount}`) ?? [];
  return [account.status, account.balance.amount, account.customer?.name, ...movements].join(' ');
}

export function answer({ withdrawMoney: result }: WithdrawMutation): string {
  if (!result) return 'no answer';
  switch (result.__typename) {
    case 'WithdrawMoneyAccepted':
      return `${result.token} ${result.account?.balance.amount}`;
    case 'InsufficientFunds':
      return `${result.message} ${result.available.amount}`;
    default:
      return result.message;
  }
}

export function name({ node }: AnyNodeQuery): string | undefined {
  if (node?.__typename === 'Customer') return node.name;
  return node?.__typename === 'Account' ? node.id : undefined;
}

export function drawn({ events: { node } }: FollowSubscription): string | null {
  return node.__typename === 'MoneyWithdrawn' ? node.amount.amount : null;
}
