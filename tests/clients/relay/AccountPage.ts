// What a page of a Relay application asks for: fragments, a page of a connection that is fetched further,
// a mutation that updates what is shown, and a subscription.
import { graphql } from 'relay-runtime';

export const page = graphql`
  query AccountPageQuery($id: ID!) {
    account(id: $id) {
      ...AccountPage_balance
      ...AccountPage_statement
    }
  }
`;

export const balance = graphql`
  fragment AccountPage_balance on Account {
    status
    ownerName
    balance {
      amount
      currency
    }
    customer {
      name
      accounts(first: 10) {
        nodes {
          id
        }
      }
    }
  }
`;

export const statement = graphql`
  fragment AccountPage_statement on Account
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" })
  @refetchable(queryName: "AccountPageStatementQuery") {
    statement(first: $first, after: $after) @connection(key: "AccountPage_statement") {
      edges {
        node {
          at
          kind
          amount {
            amount
          }
          counterparty {
            ownerName
          }
        }
      }
    }
  }
`;

export const transfer = graphql`
  mutation AccountPageTransferMutation($input: TransferMoneyInput!, $options: CommandOptions) {
    transferMoney(input: $input, options: $options) {
      __typename
      ... on Receipt {
        token
      }
      ... on TransferMoneyAccepted {
        source {
          ...AccountPage_balance
        }
        target {
          ...AccountPage_balance
        }
      }
      ... on Rejection {
        code
        message
        path
      }
      ... on InsufficientFunds {
        available {
          amount
        }
      }
    }
  }
`;

export const changes = graphql`
  subscription AccountPageSubscription($id: ID!) {
    accountChanged(id: $id) {
      account {
        ...AccountPage_balance
      }
    }
  }
`;
