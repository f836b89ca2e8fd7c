import { createLocalStorage } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { examples } from './examples.js';
import { endpoint, fetcher } from './fetcher.js';
import { Header } from './Header.jsx';

const tabs = examples.map((query) => ({ query }));

// Tabs outlive a visit. Under their own name, they don't mix with those of another GraphiQL on this host.
const storage = createLocalStorage({ namespace: 'tidegate' });

export function Playground() {
  return (
    <>
      <Header endpoint={endpoint} />
      <main>
        <GraphiQL
          fetcher={fetcher}
          defaultTabs={tabs}
          defaultEditorToolsVisibility={false}
          inputValueDeprecation
          storage={storage}
        >
          <GraphiQL.Logo>
            <span />
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}
