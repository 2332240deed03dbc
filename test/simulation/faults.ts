// Carries out the plan of a world: what each fault does when it begins, and what ends it.

import { type Fault, type Plan, VANTAGES } from './plan.ts';
import { EPOCH_MS } from './process.ts';
import type { World } from './world.ts';

export function scheduleFaults(world: World, { faults, wishes }: Plan): void {
  for (const fault of faults) {
    const { kind, beginMs, endMs } = fault;
    world.queue.plan(beginMs, () => {
      world.trace('fault', `${kind} begins`);
      begin(world, fault);
    });
    if (!Number.isFinite(endMs)) continue;
    world.queue.plan(endMs, () => {
      world.trace('fault', `${kind} ends`);
      end(world, fault);
    });
  }
  for (const { atMs, process } of wishes) {
    const member = world.members.get(process);
    world.queue.plan(atMs, () => {
      if (member?.process.isRunning) member.process.clock.schedule(0, () => void world.wish(process));
    });
  }
}

function begin(world: World, fault: Fault): void {
  const { queue, network, targets } = world;
  switch (fault.kind) {
    case 'cut':
      for (const { process } of membersOf(world, fault.processes)) process.cutUntilMs = fault.endMs;
      return;
    case 'stall':
      for (const { process } of membersOf(world, fault.processes)) process.holdUp(fault.endMs - fault.beginMs);
      return;
    case 'stutter':
      stutter(world, fault);
      return;
    case 'crash':
      for (const { process, disk } of membersOf(world, fault.processes)) {
        process.end();
        world.oracle.noteEnd(process.name);
        disk.isTearing = fault.disk === 'torn';
        disk.loseProcess();
        if (fault.disk === 'lost') disk.wipe();
      }
      return;
    case 'leave':
      for (const { leave } of membersOf(world, fault.processes)) void leave?.();
      return;
    case 'disk-full':
      for (const { disk } of membersOf(world, fault.processes)) disk.isFull = true;
      return;
    case 'clock-jump':
      for (const { process } of membersOf(world, fault.processes)) process.wallOffsetMs += fault.byMs;
      return;
    case 'lost-replies':
      for (const name of fault.processes) network.replyLoss.set(name, fault.share);
      return;
    case 'messages':
      network.messages = fault;
      return;
    case 'redis-paused':
      network.pausedUntilMs = Math.max(network.pausedUntilMs, fault.endMs);
      return;
    case 'redis-down':
    case 'redis-went-back':
      network.isDown = true;
      return;
    case 'lie':
      targets.liar = fault.vantage;
      world.oracle.noteLiar(fault.vantage);
      return;
    case 'path':
      targets.setCut(fault.vantage, fault.endpoint, true);
      return;
    case 'target':
      targets.setCondition(fault.endpoint, fault.condition, VANTAGES);
      return;
    case 'flapping': {
      const turn = (isUp: boolean) => {
        if (queue.nowMs >= fault.endMs) return;
        targets.setCondition(fault.endpoint, isUp ? 'up' : 'refusing', VANTAGES);
        queue.plan(queue.nowMs + fault.everyMs, () => turn(!isUp));
      };
      turn(false);
    }
  }
}

function end(world: World, fault: Fault): void {
  const { network, targets } = world;
  switch (fault.kind) {
    case 'cut':
      network.reconnect(({ name }) => fault.processes.includes(name));
      return;
    case 'leave':
      // One that could not leave by now is ended.
      for (const { process } of membersOf(world, fault.processes)) if (process.isRunning) process.end();
      for (const { start } of membersOf(world, fault.processes)) start();
      return;
    case 'crash':
      for (const { process, start } of membersOf(world, fault.processes)) if (!process.isRunning) start();
      return;
    case 'disk-full':
      for (const { disk } of membersOf(world, fault.processes)) disk.isFull = false;
      return;
    case 'clock-jump':
      for (const { process } of membersOf(world, fault.processes)) process.wallOffsetMs -= fault.byMs;
      return;
    case 'lost-replies':
      for (const name of fault.processes) network.replyLoss.delete(name);
      return;
    case 'messages':
      network.healMessages();
      return;
    case 'redis-down':
      if (fault.loses === 'everything') network.redis.empty();
      bringBack(world);
      return;
    case 'redis-went-back':
      network.redis.goBack(EPOCH_MS + fault.beginMs - fault.behindMs);
      bringBack(world);
      return;
    case 'lie':
      targets.liar = undefined;
      world.oracle.noteLiar(undefined);
      return;
    case 'path':
      targets.setCut(fault.vantage, fault.endpoint, false);
      return;
    case 'target':
    case 'flapping':
      targets.setCondition(fault.endpoint, 'up', VANTAGES);
      return;
    case 'stall':
    case 'stutter':
    case 'redis-paused':
  }
}

function bringBack({ network }: World): void {
  network.isDown = false;
  network.reconnect(() => true);
}

function stutter(world: World, fault: Fault & { readonly kind: 'stutter' }): void {
  const { queue } = world;
  if (queue.nowMs >= fault.endMs) return;
  const lengthMs = Math.min(fault.stallMs, fault.endMs - queue.nowMs);
  for (const { process } of membersOf(world, fault.processes)) process.holdUp(lengthMs);
  queue.plan(queue.nowMs + fault.everyMs, () => stutter(world, fault));
}

function membersOf(world: World, names: readonly string[]) {
  return names.flatMap((name) => world.members.get(name) ?? []);
}
