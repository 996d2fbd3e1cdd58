// Talks to the stand-in by Mistral's own client, in every mode that the templates use.
import assert from "node:assert/strict";
import { Mistral } from "@mistralai/mistralai";

const [serverURL, apiKey] = process.argv.slice(2);
const client = new Mistral({ apiKey, serverURL, timeoutMs: 20000 });
const model = "mistral-small-latest";
const messages = [{ role: "user", content: "Hello there" }];
const tools = [{
  type: "function",
  function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
}];

const modes = {
  async chat() {
    const answer = await client.chat.complete({ model, messages, temperature: 0.2, maxTokens: 20, randomSeed: 1, stop: ["x"] });
    assert.equal(answer.choices[0].message.content, "You said: Hello there");
    assert.equal(answer.choices[0].finishReason, "stop");
    assert.equal(answer.usage.totalTokens, 6);
  },

  async stream() {
    let text = "";
    let last;
    for await (const event of await client.chat.stream({ model, messages })) {
      text += event.data.choices[0].delta.content ?? "";
      last = event.data;
    }
    assert.equal(text, "You said: Hello there");
    assert.equal(last.choices[0].finishReason, "stop");
    assert.equal(last.usage.completionTokens, 4);
  },

  async tools() {
    const first = await client.chat.complete({ model, messages, tools, toolChoice: "any", parallelToolCalls: false });
    const [call] = first.choices[0].message.toolCalls;
    assert.equal(first.choices[0].finishReason, "tool_calls");
    assert.equal(call.function.name, "weather");
    const second = await client.chat.complete({
      model,
      tools,
      messages: [...messages, first.choices[0].message, { role: "tool", toolCallId: call.id, name: "weather", content: "Sunny" }],
    });
    assert.equal(second.choices[0].message.content, "The tool said: Sunny");
  },

  async toolsStreamed() {
    let call;
    for await (const event of await client.chat.stream({ model, messages, tools, toolChoice: { type: "function", function: { name: "weather" } } })) {
      call ??= event.data.choices[0].delta.toolCalls?.[0];
    }
    assert.equal(call.function.name, "weather");
  },

  async jsonSchema() {
    const schemaDefinition = { type: "object", properties: { answer: { type: "string" } }, required: ["answer"] };
    const answer = await client.chat.complete({
      model, messages, responseFormat: { type: "json_schema", jsonSchema: { name: "answer", schemaDefinition, strict: true } },
    });
    assert.equal(JSON.parse(answer.choices[0].message.content).answer, "You said: Hello there");
  },

  async images() {
    const content = [{ type: "text", text: "Look" }, { type: "image_url", imageUrl: { url: "data:image/png;base64,AA==" } }];
    const answer = await client.chat.complete({ model, messages: [{ role: "user", content }] });
    assert.equal(answer.choices[0].message.content, "You said: Look");
  },

  async models() {
    const list = await client.models.list();
    assert.ok(list.data.some((card) => card.id === model && card.capabilities.completionChat));
    assert.ok(list.data.some((card) => card.deprecation instanceof Date));
  },

  async moderation() {
    const chat = await client.classifiers.moderateChat({ model: "mistral-moderation-2603", inputs: messages });
    const text = await client.classifiers.moderate({ model: "mistral-moderation-2603", inputs: ["one", "two"] });
    assert.equal(chat.results[0].categories.jailbreaking, false);
    assert.equal(text.results.length, 2);
  },

  async refusal() {
    const stranger = new Mistral({ apiKey: "stranger", serverURL });
    await assert.rejects(stranger.models.list(), (error) => error.statusCode === 401);
    await assert.rejects(client.chat.complete({ model: "unknown", messages }), (error) => error.statusCode === 400);
  },
};

for (const [name, mode] of Object.entries(modes)) {
  await mode();
  console.log(name);
}
