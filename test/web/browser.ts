/** A real browser for tests, which hears everything a page complains about. */
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

export interface Eyes {
  /** A page in a context of its own; closed with `done`. */
  look(url: string, options?: BrowserContextOptions): Promise<Looking>;
  close(): Promise<void>;
}

export interface Looking {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the console said as a warning or worse, what was thrown, what the policy refused, and requests to elsewhere. */
  readonly complaints: string[];
  done(): Promise<void>;
}

/** The tests that need it are left out where there is none (vitest.config.ts). */
export async function openEyes(): Promise<Eyes> {
  const folder = mkdtempSync(join(tmpdir(), "crontabber-browser-"));
  const env = { ...(process.env as Record<string, string>), HOME: folder, TZ: "Pacific/Apia" };
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [...FLAGS, "--disable-component-update", "--disable-sync"],
    env,
  });
  const look: Eyes["look"] = async (url, options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (["warning", "error"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`asked elsewhere: ${request.url()}`);
    });
    await page.goto(url);
    return { page, context, complaints, done: () => context.close() };
  };
  const close = async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { look, close };
}

/** What axe-core finds, in a line each. The page must have been opened with `bypassCSP`. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe: tool } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    const { violations } = await tool.run();
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(({ html, failureSummary }) => `${html.slice(0, 200)} (${failureSummary})`)
          .join(" | ")}`,
    );
  });
}
