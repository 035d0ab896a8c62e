// Loudness of the programme, once a person has turned its sound on (a browser lets nobody listen before).

const floor = -60; // dB

export class Meter {
  private readonly context = new AudioContext();
  private readonly analyser = this.context.createAnalyser();
  private readonly samples: Float32Array<ArrayBuffer>;

  constructor(video: HTMLVideoElement) {
    this.analyser.fftSize = 2048;
    this.samples = new Float32Array(this.analyser.fftSize);
    this.context.createMediaElementSource(video).connect(this.analyser).connect(this.context.destination);
  }

  resume(): void {
    void this.context.resume();
  }

  /** Root mean square of the last moment, 0 for silence to 1 for full scale, even in decibels. */
  level(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const s of this.samples) sum += s * s;
    const db = 10 * Math.log10(sum / this.samples.length + 1e-12);
    return Math.max(0, Math.min(1, 1 - db / floor));
  }
}
