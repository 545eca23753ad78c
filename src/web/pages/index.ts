/** Pages without any dress: just enough to be served. */
import { html } from "hono/html";
import { jobState } from "../../report/status.ts";
import type { Chrome, Html, Pages } from "../seam.ts";

const page = (chrome: Chrome, title: string, body: unknown): Html => ({
  html: String(
    html`<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${chrome.notice ? html`<p role="status">${chrome.notice.text}</p>` : ""}${body}</html>`,
  ),
});

export const pages: Pages = {
  overview: (chrome, { view }) =>
    page(
      chrome,
      chrome.site,
      view.registry.jobs.map(
        (job) => html`<p><a href="/jobs/${encodeURIComponent(job.name)}">${job.name}</a> ${jobState(view, job).words}</p>`,
      ),
    ),
  job: (chrome, { job, view, output }) =>
    page(
      chrome,
      job.name,
      html`<p>${jobState(view, job).words}</p><pre>${output?.text ?? ""}</pre>${chrome.actions ? html`<form method="post" action="/jobs/${encodeURIComponent(job.name)}/run"><input name="csrf" value="${chrome.actions.csrf}"></form>` : html`<p>${chrome.noActions}</p>`}`,
    ),
  confirm: (chrome, _, { job, action, consequences, fields }) =>
    page(
      chrome,
      `${action} ${job.name}`,
      html`<form method="post" action="/jobs/${encodeURIComponent(job.name)}/${action}">${consequences.map((text) => html`<p>${text}</p>`)}${Object.entries(fields).map(([name, value]) => html`<input name="${name}" value="${value}">`)}<input name="csrf" value="${chrome.actions?.csrf}"></form>`,
    ),
  failure: (chrome, { title, text }) => page(chrome, title, html`<p>${text}</p>`),
  login: (chrome, failed) =>
    page(
      chrome,
      "Log in",
      html`${failed ? html`<p>Wrong token</p>` : ""}<form method="post" action="/login"><input name="token"><input name="name"></form>`,
    ),
  live: ({ view }) => Object.fromEntries(view.registry.jobs.map((job) => [`state:${job.name}`, jobState(view, job).words])),
};
