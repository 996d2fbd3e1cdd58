// The same duties as the generated API has, written by hand as the packages' own guides do it: an audit file without a chain, patterns for
// sensitive data, a token, a rate limit and validation.
import { appendFileSync } from 'node:fs';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import jwt from 'jsonwebtoken';
import { Mistral } from '@mistralai/mistralai';
import { z } from 'zod';

const { PORT, UPSTREAM, SIGNING_KEY, AUDIT_FILE } = process.env;
const client = new Mistral({ apiKey: process.env.MISTRAL_API_KEY, serverURL: UPSTREAM });
const message = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string().min(1).max(100_000) }).strict();
const chat = z.object({
  model: z.enum(['mistral-small-latest', 'mistral-medium-latest']),
  messages: z.array(message).min(1).max(100),
  temperature: z.number().min(0).max(1).optional(),
  maxTokens: z.number().int().min(1).max(4000).optional(),
}).strict();
const patterns = [/\b(password|secret|key)\s*[:=]\s*\S+/gi, /\b\d{16}\b/g, /\b[\w.%+-]+@[\w.-]+\.[A-Za-z]{2,}\b/g];
const mask = text => patterns.reduce((masked, pattern) => masked.replace(pattern, '[removed]'), text);

function authenticate(request, response, next) {
  try {
    request.user = jwt.verify(request.headers.authorization?.slice('Bearer '.length) ?? '', Buffer.from(SIGNING_KEY, 'base64'), { algorithms: ['HS256'] });
    next();
  } catch {
    response.status(401).json({ title: 'Unauthorized' });
  }
}

const app = express();
app.disable('x-powered-by');
app.post('/api/chat', authenticate, rateLimit({ windowMs: 60_000, limit: 1e9 }), express.json({ limit: '1mb' }), async (request, response) => {
  const parsed = chat.safeParse(request.body);
  if (!parsed.success)
    return response.status(400).json({ title: 'Bad Request', errors: parsed.error.issues.map(issue => issue.path.join('.')) });
  const { model, messages, temperature, maxTokens } = parsed.data;
  const answer = await client.chat.complete({
    model, temperature, maxTokens, messages: messages.map(item => ({ ...item, content: mask(item.content) })),
  });
  appendFileSync(AUDIT_FILE, JSON.stringify({ at: new Date(), user: request.user.sub, address: request.ip, model, usage: answer.usage }) + '\n');
  const choice = answer.choices[0];
  response.json({ id: answer.id, model: answer.model, content: mask(choice.message.content), finishReason: choice.finishReason, usage: answer.usage });
});
app.listen(Number(PORT), '127.0.0.1');
