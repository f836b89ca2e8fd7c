// A list with a connection of its own, at the root, which is filtered, ordered and fetched further.
import { graphql } from 'relay-runtime';

export const list = graphql`
  query AccountListQuery($where: AccountWhere) {
    ...AccountList_accounts @arguments(where: $where)
  }
`;

export const accounts = graphql`
  fragment AccountList_accounts on Query
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    where: { type: "AccountWhere" }
  )
  @refetchable(queryName: "AccountListPageQuery") {
    accounts(first: $first, after: $after, where: $where, orderBy: { field: OPENED_AT, direction: DESC })
      @connection(key: "AccountList_accounts", filters: ["where"]) {
      edges {
        node {
          ...AccountPage_balance
        }
      }
    }
  }
`;

export const one = graphql`
  fragment AccountList_one on Customer @refetchable(queryName: "AccountListOneQuery") {
    name
    email
  }
`;
