import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';
import { sealPage } from './build/seal.ts';

export default defineConfig({
  plugins: [svelte(), viteSingleFile({ removeViteModuleLoader: true }), sealPage()],
  build: {
    // light-dark() must stay as written: the theme switch works through color-scheme.
    target: ['chrome125', 'firefox128', 'safari17.5'],
    modulePreload: false,
  },
});
