// What Docker asks of each MongoDB: exit 0 when it takes part in a replica set that has a primary.
// A new member first finds its set: the one that is called FIRST founds it, every other one joins FIRST's.
// Run as: MEMBER=mongo-2:27017 FIRST=mongo:27017 mongosh --quiet --norc --file healthcheck.js

const SET = 'rs0';
const SECONDS_FOR_AN_ELECTION = 5;
const { MEMBER, FIRST } = process.env;

const isNew = () => {
  try {
    rs.status();
    return false;
  } catch (error) {
    if (error.codeName !== 'NotYetInitialized') throw error; // a standalone server, for one, is never healthy
    return true;
  }
};

const found = () => rs.initiate({ _id: SET, members: [{ _id: 0, host: MEMBER }] });

const join = () => {
  const primary = new Mongo(`mongodb://${FIRST}/?replicaSet=${SET}&serverSelectionTimeoutMS=3000`).getDB('admin');
  const { config } = primary.runCommand({ replSetGetConfig: 1 });
  if (config.members.some(({ host }) => host === MEMBER)) return; // known already: the set will tell this member
  const id = 1 + Math.max(...config.members.map(({ _id }) => _id));
  const members = [...config.members, { _id: id, host: MEMBER }];
  primary.runCommand({ replSetReconfig: { ...config, version: config.version + 1, members } });
};

const takesPart = () => {
  const hello = db.hello();
  if (hello.setName !== SET || !hello.primary) return false;
  // A member that was elected this moment calls itself the primary before it takes writes.
  return hello.isWritablePrimary || (hello.secondary && hello.primary !== hello.me);
};

if (isNew()) (MEMBER === FIRST ? found : join)();
for (let tries = 0; tries < SECONDS_FOR_AN_ELECTION * 10 && !takesPart(); tries++) sleep(100);
quit(takesPart() ? 0 : 1);
