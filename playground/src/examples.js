const files = import.meta.glob('../examples/*.graphql', { query: '?raw', import: 'default', eager: true });

/** The operations that a first visit finds in its tabs, in the order of their files' names. */
export const examples = Object.keys(files)
  .sort()
  .map((name) => files[name]);
