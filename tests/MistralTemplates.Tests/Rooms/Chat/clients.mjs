// Talks to the generated API by Mistral's and OpenAI's own clients, of which only the address and the key were changed.
import assert from "node:assert/strict";
import { Mistral } from "@mistralai/mistralai";
import OpenAI from "openai";

const [serverURL, apiKey] = process.argv.slice(2);
const mistral = new Mistral({ apiKey, serverURL, timeoutMs: 20000 });
const openai = new OpenAI({ apiKey, baseURL: new URL("/v1", serverURL).href, timeout: 20000, maxRetries: 0 });
const model = "mistral-small-latest";
const messages = [{ role: "user", content: "Hello there" }];
const tools = [{
  type: "function",
  function: { name: "weather", description: "Tells the weather.", parameters: { type: "object", properties: { city: { type: "string" } } } },
}];

const modes = {
  async mistralChat() {
    const answer = await mistral.chat.complete({ model, messages, temperature: 0.2, maxTokens: 20, randomSeed: 1, stop: ["x"] });
    assert.equal(answer.choices[0].message.content, "You said: Hello there");
    assert.equal(answer.choices[0].finishReason, "stop");
    assert.equal(answer.usage.totalTokens, 6);
  },

  async mistralStream() {
    let text = "";
    let last;
    for await (const event of await mistral.chat.stream({ model, messages })) {
      text += event.data.choices[0].delta.content ?? "";
      last = event.data.usage ? event.data : last;
    }
    assert.equal(text, "You said: Hello there");
    assert.equal(last.choices[0].finishReason, "stop");
    assert.equal(last.usage.completionTokens, 4);
  },

  async mistralTools() {
    const first = await mistral.chat.complete({ model, messages, tools, toolChoice: "any", parallelToolCalls: false });
    const [call] = first.choices[0].message.toolCalls;
    assert.equal(call.function.name, "weather");
    const second = await mistral.chat.complete({
      model, tools, messages: [...messages, first.choices[0].message, { role: "tool", toolCallId: call.id, name: "weather", content: "Sunny" }],
    });
    assert.equal(second.choices[0].message.content, "The tool said: Sunny");
  },

  async mistralFields() {
    const answer = await mistral.chat.complete({
      model, prediction: { type: "content", content: "The tide" }, reasoningEffort: "high", metadata: { ticket: "7" }, safePrompt: true,
      guardrails: [{ blockOnError: true, moderationLlmV2: { action: "block" } }], parallelToolCalls: false,
      tools: [{ ...tools[0], function: { ...tools[0].function, strict: true } }],
      messages: [{ role: "user", content: [
        { type: "text", text: "Look:" },
        { type: "image_url", imageUrl: { url: "https://example.com/a.png", detail: "low" } },
        { type: "document_url", documentUrl: "https://example.com/a.pdf", documentName: "Tides" },
        { type: "input_audio", inputAudio: "AA==" },
        { type: "reference", referenceIds: [1] },
      ] }],
    });
    assert.ok(answer.choices[0].message.content.startsWith("You said: Look:"));
    const begun = await mistral.chat.complete({ model, messages: [...messages, { role: "assistant", content: "The tide", prefix: true }] });
    assert.ok(begun.choices[0].message.content.includes("The tide"));
  },

  async mistralModels() {
    assert.equal((await mistral.models.retrieve({ modelId: model })).id, model);
    const list = await mistral.models.list();
    assert.ok(list.data.some((card) => card.id === model && card.capabilities.completionChat && card.capabilities.functionCalling));
  },

  async mistralRefusal() {
    await assert.rejects(mistral.chat.complete({ model: "unknown", messages }), (error) => error.statusCode === 400);
  },

  async openaiChat() {
    const answer = await openai.chat.completions.create({ model, messages: [{ role: "developer", content: "Be short." }, ...messages], max_completion_tokens: 20, seed: 1 });
    assert.equal(answer.choices[0].message.content, "You said: Hello there");
    assert.equal(answer.usage.completion_tokens, 4);
  },

  async openaiStream() {
    let text = "";
    let usage;
    for await (const chunk of await openai.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } })) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, "You said: Hello there");
    assert.equal(usage.completion_tokens, 4);
  },

  async openaiTools() {
    const first = await openai.chat.completions.create({ model, messages, tools, tool_choice: "required" });
    const [call] = first.choices[0].message.tool_calls;
    assert.equal(call.type, "function");
    assert.equal(first.choices[0].finish_reason, "tool_calls");
    const second = await openai.chat.completions.create({
      model, tools, messages: [...messages, first.choices[0].message, { role: "tool", tool_call_id: call.id, content: "Sunny" }],
    });
    assert.equal(second.choices[0].message.content, "The tool said: Sunny");
  },

  async openaiToolsStreamed() {
    const calls = [];
    for await (const chunk of await openai.chat.completions.create({ model, messages, tools, stream: true, tool_choice: { type: "function", function: { name: "weather" } } }))
      calls.push(...(chunk.choices[0]?.delta.tool_calls ?? []));
    assert.deepEqual(calls.map((call) => [call.index, call.function.name]), [[0, "weather"]]);
  },

  async openaiFields() {
    const answer = await openai.chat.completions.create({
      model, reasoning_effort: "low", metadata: { ticket: "7" }, prediction: { type: "content", content: "The tide" }, prompt_cache_key: "tides",
      response_format: { type: "json_schema", json_schema: { name: "tide", strict: true, schema: { type: "object", properties: { at: { type: "string" } } } } },
      messages: [{ role: "user", content: [{ type: "text", text: "Look:" }, { type: "image_url", image_url: { url: "https://example.com/a.png", detail: "high" } }] }],
    });
    assert.ok(JSON.parse(answer.choices[0].message.content));
  },

  async openaiModels() {
    assert.equal((await openai.models.retrieve(model)).id, model);
    await assert.rejects(openai.models.retrieve("another"), { status: 404 });
    const list = await openai.models.list();
    assert.ok(list.data.some((card) => card.id === model));
  },

  async openaiRefusal() {
    const refused = (status, param) => (error) => error.status === status && error.param === param && error.type === "invalid_request_error";
    await assert.rejects(openai.chat.completions.create({ model, messages, store: true }), refused(400, "store"));
    await assert.rejects(openai.chat.completions.create({ model, messages, n: 2 }), refused(400, "n"));
    await assert.rejects(openai.chat.completions.create({ model, messages: [{ role: "user", content: [{ type: "video" }] }] }), refused(400, "messages[0].content[0].type"));
  },
};

for (const [name, mode] of Object.entries(modes)) {
  await mode();
  console.log(name);
}
