// The bank's accounts as Mercurius serves them: Fastify, its JIT, its loaders, MongoDB's own driver. No domain.
// node server.mjs URI DATABASE PORT
import Fastify from "fastify";
import mercurius from "mercurius";
import { Decimal128, MongoClient } from "mongodb";

const [uri, database, port] = process.argv.slice(2);
const client = await new MongoClient(uri).connect();
const db = client.db(database, { writeConcern: { w: "majority", journal: true }, readConcern: { level: "majority" } });
const accounts = db.collection("views.accounts.1");
const customers = db.collection("views.customers.1");
const deposits = db.collection("mercurius.deposits");

const schema = `
  type Money { amount: String! currency: String! }
  type Customer { id: ID! name: String! }
  type Account {
    id: ID! ownerName: String! status: String! currency: String!
    balance: Money! overdraftLimit: Money! available: Money! openedAt: String!
    customer: Customer
  }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type AccountConnection { nodes: [Account!]! pageInfo: PageInfo! }
  input MoneyInput { amount: String! currency: String! }
  input DepositMoneyInput { accountId: ID! amount: MoneyInput! }
  type Deposit { id: ID! accountId: ID! amount: Money! at: String! }
  type Query {
    account(id: ID!): Account
    accounts(first: Int!, openedFrom: String!): AccountConnection!
  }
  type Mutation { depositMoney(input: DepositMoneyInput!): Deposit! }
`;

const key = (id) => id.slice("Account:".length);
const money = (field) => (account) => ({ amount: account[field].amount.toString(), currency: account[field].currency });

const resolvers = {
  Query: {
    account: (_, { id }) => accounts.findOne({ _id: key(id) }),
    accounts: async (_, { first, openedFrom }) => {
      const from = { opened_at: { $gte: new Date(openedFrom) } };
      const found = await accounts.find(from).sort({ opened_at: 1, _id: 1 }).limit(first + 1).toArray();
      const nodes = found.slice(0, first);
      const endCursor = nodes.length ? cursor(nodes[nodes.length - 1]) : null;
      return { nodes, pageInfo: { hasNextPage: found.length > first, endCursor } };
    },
  },
  Account: {
    id: (account) => `Account:${account._id}`,
    ownerName: (account) => account.owner_name,
    balance: money("balance"),
    overdraftLimit: money("overdraft_limit"),
    available: money("available"),
    openedAt: (account) => account.opened_at.toISOString(),
  },
  Mutation: {
    depositMoney: async (_, { input }) => {
      const { amount, currency } = input.amount;
      const deposit = { account: key(input.accountId), amount: { amount: Decimal128.fromString(amount), currency } };
      deposit.at = new Date();
      const { insertedId } = await deposits.insertOne(deposit);
      return { id: insertedId.toHexString(), accountId: input.accountId, amount: input.amount, at: deposit.at.toISOString() };
    },
  },
};

const loaders = {
  Account: {
    customer: async (queries) => {
      const ids = queries.map(({ obj }) => obj.customer);
      const found = await customers.find({ _id: { $in: ids } }).toArray();
      const byId = new Map(found.map((each) => [each._id, { id: `Customer:${each._id}`, name: each.name }]));
      return ids.map((id) => byId.get(id) ?? null);
    },
  },
};

function cursor(account) {
  return Buffer.from(`${account.opened_at.toISOString()}|${account._id}`).toString("base64url");
}

const app = Fastify();
app.register(mercurius, { schema, resolvers, loaders, jit: 1, path: "/graphql" });
await app.listen({ host: "127.0.0.1", port: Number(port) });
