// Writes TypeScript for a schema (schema.ts) and for its operations (operations.ts), with GraphQL Code Generator.
//   node codegen.mjs SCHEMA FOLDER DOCUMENT…
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as operations from '@graphql-codegen/typescript-operations';
import * as schema from '@graphql-codegen/typescript';
import { parse } from 'graphql';

const [schemaFile, folder, ...documentFiles] = process.argv.slice(2);
const read = (path) => parse(readFileSync(path, 'utf8'));

const TEXT = { input: 'string', output: 'string' };
const config = {
  strictScalars: true, // a scalar that is not named here is an error
  scalars: {
    Currency: TEXT,
    Date: TEXT,
    DateTime: TEXT,
    Decimal: TEXT,
    Email: TEXT,
    Int64: TEXT,
    Token: TEXT,
    UUID: TEXT,
    Version: TEXT,
  },
};
const documents = documentFiles.map((location) => ({ location, document: read(location) }));

for (const [name, plugin] of Object.entries({ schema, operations })) {
  const filename = join(folder, `${name}.ts`);
  const pluginMap = { [name]: plugin };
  const plugins = [{ [name]: {} }];
  const text = await codegen({ filename, schema: read(schemaFile), documents, config, pluginMap, plugins });
  writeFileSync(filename, text);
}
