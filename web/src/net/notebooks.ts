// Notebooks as the server keeps them, and the texts of files that they are exported to.

import {at, json, send} from './api';

export const shows = ['auto', 'table', 'line', 'bar', 'scatter', 'number'] as const;
export type Show = (typeof shows)[number];
export const paramKinds = ['text', 'number', 'choice'] as const;

export interface NotebookParagraph {
  kind: 'markdown' | 'sql';
  text: string;
  show?: Show;
}

export interface NotebookParam {
  name: string;
  label?: string;
  kind: (typeof paramKinds)[number];
  value: string | number;
  choices?: string[];
}

export interface Notebook {
  title: string;
  refresh_s?: number;
  params?: NotebookParam[];
  paragraphs: NotebookParagraph[];
}

export interface NotebookRevision {
  revision: number;
  saved_ms: number;
  saved_by: string;
  title: string;
  bytes: number;
}

export interface NotebookSummary extends NotebookRevision {
  name: string;
}

export interface SavedNotebook {
  notebook: Notebook;
  revision: NotebookSummary;
  etag: string;
}

export async function readNotebook(name: string, revision: string): Promise<SavedNotebook> {
  const path = revision === '' ? at('notebooks', name) : at('notebooks', name, 'revisions', revision);
  const answer = await send(path);
  const {notebook, ...summary} = (await answer.json()) as NotebookSummary & {notebook: Notebook};
  return {notebook, revision: summary, etag: answer.headers.get('ETag') ?? ''};
}

// In the place of the one with `etag`; without one as a new notebook. 412 where somebody was quicker.
export async function saveNotebook(name: string, notebook: Notebook, etag?: string): Promise<void> {
  await send(at('notebooks', name), {
    method: 'PUT',
    body: notebook,
    headers: etag === undefined ? {'If-None-Match': '*'} : {'If-Match': etag},
  });
}

export const removeNotebook = (name: string) => send(at('notebooks', name), {method: 'DELETE'});
export const newestTag = async (name: string) =>
  (await send(at('notebooks', name))).headers.get('ETag') ?? '';
export const revisionsOf = (name: string) => json<NotebookRevision[]>(at('notebooks', name, 'revisions'));

// What the server takes as a name, of any text.
export function nameOf(title: string): string {
  return title.toLowerCase().replace(/[^a-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 64) || 'notebook';
}
