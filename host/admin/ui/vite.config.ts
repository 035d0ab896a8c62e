import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` shows the page with reload on change, in front of a running show (SHOW=http://127.0.0.1:3000).
const show = process.env["SHOW"] ?? "http://127.0.0.1:3000";

export default defineConfig({
  plugins: [react(), tailwind()],
  build: { target: "es2023", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { host: "127.0.0.1", proxy: { "/api": show, "/art": show, "/stream": show, "/lot": show, "/ws": { target: show, ws: true } } },
});
