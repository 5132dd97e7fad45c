import { svelte } from '@sveltejs/vite-plugin-svelte';
import { viteSingleFile } from 'vite-plugin-singlefile';
import { defineConfig } from 'vitest/config';
import { sealPage } from './build/seal.ts';

export default defineConfig({
  plugins: [svelte(), viteSingleFile({ removeViteModuleLoader: true }), sealPage()],
  build: {
    // light-dark() must stay as written: the theme switch works through color-scheme.
    target: ['chrome125', 'firefox128', 'safari17.5'],
    modulePreload: false,
    // The folder itself is tracked, so that the crate that embeds the page can watch it.
    emptyOutDir: false,
  },
  test: { include: ['tests/*.test.ts'] },
});
