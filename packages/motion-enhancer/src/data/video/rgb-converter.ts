import type { Frame, SoftwareScaleContext } from 'node-av/lib';
import type { Av } from './load-av.js';
import { type Orientation, orientRgb } from './orientation.js';

/**
 * Turns decoded frames of any pixel format into RGB uint8 with libswscale, as PyAV's `to_ndarray(format='rgb24')` does:
 * colour matrix and range are those that the frame is tagged with, chroma is interpolated bilinearly.
 */
export class RgbConverter {
  readonly #av: Av;
  readonly #scaler: SoftwareScaleContext;
  readonly #width: number;
  readonly #height: number;
  readonly #orientation: Orientation;

  /** @param width @param height stored size; a frame of another size (the stream changed midway) is scaled to it */
  constructor(av: Av, width: number, height: number, orientation: Orientation) {
    this.#av = av;
    this.#width = width;
    this.#height = height;
    this.#orientation = orientation;
    this.#scaler = new av.lib.SoftwareScaleContext();
    // Left uninitialised on purpose: libswscale then reads size, matrix and range from each frame.
    this.#scaler.allocContext();
    av.lib.Option.set(this.#scaler.getNative(), 'sws_flags', 'bilinear');
  }

  /**
   * Writes the frame as shown into `target`, uint8 [shown height, shown width, 3]. The frame's tags of transfer and
   * primaries are taken off.
   */
  async convert(frame: Frame, target: Uint8Array): Promise<void> {
    const { lib, constants } = this.#av;
    const rgb = new lib.Frame();
    // Values are given as they are stored: with these tags libswscale would map HDR and wide gamuts, as PyAV does not.
    frame.colorTrc = constants.AVCOL_TRC_UNSPECIFIED;
    frame.colorPrimaries = constants.AVCOL_PRI_UNSPECIFIED;
    try {
      rgb.alloc();
      // Of an interlaced frame each field is converted by itself: libswscale makes no progressive frame of it.
      rgb.copyProps(frame);
      rgb.format = constants.AV_PIX_FMT_RGB24;
      rgb.width = this.#width;
      rgb.height = this.#height;
      lib.FFmpegError.throwIfError(rgb.getBuffer(), 'allocating an RGB frame');
      lib.FFmpegError.throwIfError(await this.#scaler.scaleFrame(rgb, frame), 'converting a frame to RGB');
      orientRgb(rgb.toBuffer(), this.#width, this.#height, this.#orientation, target);
    } finally {
      rgb.free();
    }
  }

  free(): void {
    this.#scaler.freeContext();
  }
}
