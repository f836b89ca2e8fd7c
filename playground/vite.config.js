import { defineConfig } from 'vite';

export default defineConfig({
  // The gateway serves these files under this path, wherever the page itself stands.
  base: '/playground/',
  logLevel: 'error',
  build: {
    outDir: '../gateway/web/static/playground',
    emptyOutDir: true,
    // The editor is one large piece of code; a warning about it each time helps nobody.
    chunkSizeWarningLimit: 8192,
  },
});
